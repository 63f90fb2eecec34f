import { disturbSraAtMoments } from '#test/support/sra-campaign.ts';
import { changeAll, type SraRelay } from '#test/support/sra-relay.ts';

const STRIDE = 4;
/** Longer than any invocation, so that the claim of the frozen function is gone. */
const LONG_MINUTES = 17;

/** The execution is stopped and reaped, and a later run starts, before the function goes on. */
const overtake = (minutes: number) => async (relay: SraRelay, stop: () => void) => {
  stop();
  for (const each of [1, minutes]) {
    relay.advance(each);
    await relay.reap();
  }
  changeAll(relay);
  await relay.sync('later', { sync: 'databases' });
};

disturbSraAtMoments({
  title: 'a frozen function of a sync over a PRA site',
  stride: STRIDE,
  cases: {
    'frozen until its run is reaped, and overtaken': (moment) => ({ at: [[moment, overtake(1)]] }),
    'frozen until its claims are gone, and overtaken': (moment) => ({ at: [[moment, overtake(LONG_MINUTES)]] }),
  },
});
