import { Fate } from '#test/support/mortal.ts';
import type { Invocation, Invoked, MortalRelay, Order } from '#test/support/mortal-relay.ts';

/** A run of which one invocation at a time happens, and only when it is told. */
export interface SteppedRun {
  readonly name: string;
  readonly isOver: boolean;
  /** Whether an invocation is under way. */
  readonly isBusy: boolean;
  /** Lets the next invocation happen; resolves when the one after it could, or when the run is over. */
  step(fate?: Fate): Promise<void>;
  /** Ends the execution. An invocation that is under way goes on without it. */
  abort(): Promise<void>;
}

/** Resolves when the first invocation is about to happen. */
export const startSteppedRun = async (
  relay: MortalRelay,
  id: string,
  order: Order,
  options: { readonly isListed: boolean },
): Promise<SteppedRun> => {
  let next: { readonly invocation: Invocation; readonly answer: (result: Invoked) => void } | undefined;
  let arrive = (): void => {};
  let arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let stop = (): void => {};
  let isOver = false;
  let isBusy = false;
  const through = (invocation: Invocation): Promise<Invoked> =>
    new Promise((answer) => {
      next = { invocation, answer };
      stop = invocation.stop;
      arrive();
    });
  const ended = relay.sync(id, order, { ...options, through, isStepped: true }).then(() => {
    isOver = true;
    arrive();
  });
  await arrived;

  return {
    name: `${order.sync}.${id}`,
    get isOver() {
      return isOver;
    },
    get isBusy() {
      return isBusy;
    },
    async step(fate = new Fate()) {
      if (isOver || next === undefined) return;
      const { invocation, answer } = next;
      next = undefined;
      arrived = new Promise((resolve) => {
        arrive = resolve;
      });
      isBusy = true;
      answer(await invocation.perform(fate));
      isBusy = false;
      if (!isOver) await arrived;
    },
    async abort() {
      stop();
      await ended;
    },
  };
};
