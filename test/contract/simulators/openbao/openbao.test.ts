import { Agent } from 'undici';
import { afterAll } from 'vitest';
import { startOpenBao } from '#local/simulators/openbao/server.ts';
import { describeOpenBao } from './openbao.ts';

const simulator = await startOpenBao();
const dispatcher = new Agent({ connect: { ca: simulator.caPem } });
afterAll(async () => {
  await dispatcher.close();
  await simulator.close();
});

describeOpenBao('the simulator', async () => ({ url: simulator.url, rootToken: simulator.rootToken, dispatcher }));
