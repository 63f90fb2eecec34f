import { CrashPlan } from '#test/support/crashable-process.ts';
import type { CrashableRelay, Invocation, Invoked, Order } from '#test/support/crashable-relay.ts';

/** A run whose invocations are performed one by one, on request. */
export interface SteppedRun {
  readonly name: string;
  readonly isOver: boolean;
  /** True while an invocation is under way. */
  readonly isBusy: boolean;
  /** Performs the next invocation. Resolves when the one after it is due, or when the run is over. */
  step(crashPlan?: CrashPlan): Promise<void>;
  /** Stops the execution. An invocation that is under way goes on. */
  abort(): Promise<void>;
}

/** Starts a run. Resolves when its first invocation is due. */
export const startSteppedRun = async (
  relay: CrashableRelay,
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
    async step(crashPlan = new CrashPlan()) {
      if (isOver || next === undefined) return;
      const { invocation, answer } = next;
      next = undefined;
      arrived = new Promise((resolve) => {
        arrive = resolve;
      });
      isBusy = true;
      answer(await invocation.perform(crashPlan));
      isBusy = false;
      if (!isOver) await arrived;
    },
    async abort() {
      stop();
      await ended;
    },
  };
};
