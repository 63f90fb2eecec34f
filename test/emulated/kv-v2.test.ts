import { kvBench } from '#test/contract/stores/kv-v2-bench.ts';
import { describeStore } from '#test/contract/stores/store-suite.ts';
import { OPENBAO_ROOT_TOKEN, startOpenBaoServer } from './support/emulators.ts';

describeStore(
  'KV version 2 on the released OpenBao',
  kvBench(async () => {
    const { endpoint, close } = await startOpenBaoServer();
    return { url: endpoint, rootToken: OPENBAO_ROOT_TOKEN, close };
  }),
);
