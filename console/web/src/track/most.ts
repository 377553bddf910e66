/** So many tracks can be told apart on one map. */
export const MOST_DEVICES = 4;
