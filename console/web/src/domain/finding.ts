/** Finding cameras by what somebody types of their names. */

interface Findable {
  id: string;
  name: string;
  room?: string | null;
}

/** More cameras than these are found faster by typing than by looking. */
export const FEW_CAMERAS = 8;

/** The cameras of which the id, the name or the room hold all words of `text`, in their order. */
export function found<C extends Findable>(cameras: readonly C[], text: string): C[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return cameras.filter((camera) => {
    const told = `${camera.id} ${camera.name} ${camera.room ?? ""}`.toLowerCase();
    return words.every((word) => told.includes(word));
  });
}
