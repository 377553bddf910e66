/** How much larger than on a desk's screen everything is written here (`--type`): a wall is read from afar. */
export const typeScale = (element: Element): number => Number(getComputedStyle(element).getPropertyValue("--type")) || 1;
