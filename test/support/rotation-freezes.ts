import { failure } from '#local/aws/functions/protocol.ts';
import { crash, type Scenario } from '#test/support/crash.ts';
import { CrashPlan } from '#test/support/crashable-process.ts';
import type { Invoked, Through } from '#test/support/crashable-relay.ts';

const TIMED_OUT: Invoked = { ...failure('Sandbox.Timedout', 'The function timed out.'), died: true };

/** Freezes the invocation that makes a call at a moment, so that Step Functions takes it for dead and repeats it. */
const createFreezer = (moment: number) => {
  const thawed = Promise.withResolvers<void>();
  let freeze = (): void => {};
  let frozen: Promise<Invoked> | undefined;
  const crashPlan = new CrashPlan([
    moment,
    () => {
      freeze();
      return thawed.promise;
    },
  ]);
  const through: Through = ({ perform }) => {
    const isFrozen = Promise.withResolvers<Invoked>();
    freeze = () => {
      frozen = invoked;
      isFrozen.resolve(TIMED_OUT);
    };
    const invoked = perform(crashPlan);
    return Promise.race([invoked, isFrozen.promise]);
  };
  return {
    through,
    /** Lets the frozen invocation go on to its end. */
    async thaw(): Promise<void> {
      thawed.resolve();
      await frozen;
    },
  };
};

/**
 * Freezes an invocation at a moment, lets the execution overtake it until its end, and lets it go on. Returns a
 * sentence for each broken promise.
 */
export const freeze = async (scenario: Scenario, moment: number): Promise<readonly string[]> =>
  (await crash({ scenario: frozenAt(scenario, moment), death: 'function', moments: [] })).broken;

const frozenAt = (scenario: Scenario, moment: number): Scenario => ({
  ...scenario,
  async act(relay, kill) {
    const { through, thaw } = createFreezer(moment);
    await scenario.act(relay, { ...kill, through });
    await thaw();
  },
});
