import { afterAll } from 'vitest';
import { describeOpenBao } from '../contract/simulators/openbao/openbao.ts';
import { OPENBAO_ROOT_TOKEN, startOpenBaoServer } from './support/emulators.ts';

const released = await startOpenBaoServer();
afterAll(() => released.close());

describeOpenBao('the released server', async () => ({ url: released.endpoint, rootToken: OPENBAO_ROOT_TOKEN }));
