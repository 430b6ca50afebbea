/** What is being handled at the moment: a process that stops lets it come to its end, because Slack was told that it arrived. */

/** Handling that is under way. */
export interface InFlight {
  /** Gives what the work gives. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is under way any more. Whatever fails is over too. */
  settled(): Promise<void>;
}

/** Begins with nothing under way. */
export function createInFlight(): InFlight {
  const under = new Set<Promise<unknown>>();
  return {
    async track(work) {
      under.add(work);
      try {
        return await work;
      } finally {
        under.delete(work);
      }
    },
    async settled() {
      await Promise.allSettled(under);
    },
  };
}
