import { afterAll } from 'vitest';
import { startOpenBao } from '#local/simulators/openbao/server.ts';
import { describeOpenBao } from './openbao.ts';
import { trusting } from './trusting.ts';

const simulator = await startOpenBao();
const { dispatcher, close } = trusting(simulator.caPem);
afterAll(async () => {
  await close();
  await simulator.close();
});

describeOpenBao('the simulator', async () => ({ url: simulator.url, rootToken: simulator.rootToken, dispatcher }));
