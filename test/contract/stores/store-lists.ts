import { expect } from 'vitest';
import { CrashableProcess, CrashPlan } from '#test/support/crashable-process.ts';
import { CONNECTION_LOST, checkPassing, collect, type StoreScene, stamp } from './store-scene.ts';

/** Secrets of a list that the bench gives no page size for. */
const FEW = 3;

/** Part of the store suite: lists of one page and of several. */
export const describeLists = ({ site, aSecret, group, check }: StoreScene): void => {
  group('listing', () => {
    check('shows all that one owner has, each with its stamp, and nothing else, or fails', async () => {
      const { owner, store } = aSecret();
      const { pageSize = FEW, connectThrough, makeForeign, unanswered = CONNECTION_LOST } = site();
      const ours = await Promise.all(
        Array.from({ length: pageSize + 1 }, async (_, generation) => {
          const { name, deliver } = aSecret(owner);
          await deliver(generation, 'absent');
          return { name, stamp: stamp(generation) };
        }),
      );
      await aSecret(`${owner}-other`).deliver(1, 'absent');
      await aSecret(owner.slice(0, -1)).deliver(1, 'absent');
      await makeForeign(aSecret().name, 'theirs');
      expect(await collect(store)).toEqual(ours);

      if (connectThrough === undefined) return;
      const lost = async () => {
        throw unanswered();
      };
      for (let moment = 0; ; moment += 1) {
        const plan = new CrashPlan([moment, lost]);
        const process = new CrashableProcess(plan);
        const broken = collect(connectThrough(owner, (send) => process.call(send)));
        const [outcome] = await Promise.allSettled([broken]);
        if (plan.moments <= moment) break;
        if (outcome.status === 'fulfilled') throw new Error('A list survived the loss of an answer.');
        checkPassing(outcome.reason);
      }
    });
  });
};
