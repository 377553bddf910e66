/** Which holds are shown, in the order in which the key goes through them. */
export const FILTERS = ["in_force", "released", "all"] as const;
export type Filter = (typeof FILTERS)[number];

export const nextFilter = (filter: Filter): Filter => FILTERS[(FILTERS.indexOf(filter) + 1) % FILTERS.length]!;

/** As the API asks for them; null leaves nothing out. */
export const inForce = (filter: Filter): boolean | null => (filter === "all" ? null : filter === "in_force");
