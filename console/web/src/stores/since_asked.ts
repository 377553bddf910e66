/** What the event stream says while a request is on its way is newer than the request's answer, which must not undo it. */
export class SinceAsked<Key> {
  private readonly asking = new Set<Set<Key>>();

  /** The stream said something about this. */
  said(key: Key): void {
    for (const newer of this.asking) newer.add(key);
  }

  /** Runs a request; `work` gets what the stream has said something about since. */
  async ask<T>(work: (newer: ReadonlySet<Key>) => Promise<T>): Promise<T> {
    const newer = new Set<Key>();
    this.asking.add(newer);
    try {
      return await work(newer);
    } finally {
      this.asking.delete(newer);
    }
  }
}
