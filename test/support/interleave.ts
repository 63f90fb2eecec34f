/** One of several concurrent actors. It awaits the gate before each of its calls. */
export type Actor<Result> = (gate: () => Promise<void>) => Promise<Result>;

/**
 * Runs actors so that one call is made at a time. Whenever all actors wait at the gate or have ended, the next number
 * selects the actor that continues. The same numbers produce the same order.
 */
export const interleave = async <Result>(
  actors: readonly Actor<Result>[],
  choices: readonly number[],
): Promise<PromiseSettledResult<Result>[]> => {
  const waiting: (() => void)[] = [];
  let running = actors.length;
  let wake = (): void => {};
  const pause = (): void => {
    running -= 1;
    wake();
  };
  const gate = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      pause();
    });
  const allAreWaiting = async (): Promise<void> => {
    while (running > 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  const ended = Promise.allSettled(actors.map((actor) => actor(gate).finally(pause)));
  for (let turn = 0; ; turn += 1) {
    await allAreWaiting();
    if (waiting.length === 0) return ended;
    const [release] = waiting.splice((choices[turn % choices.length] ?? 0) % waiting.length, 1);
    running += 1;
    release?.();
  }
};
