import { openBaoInProcess } from '#test/support/openbao.ts';
import { kvBench } from './kv-v2-bench.ts';
import { describeStore } from './store-suite.ts';

describeStore(
  'KV version 2 on OpenBao',
  kvBench(async () => openBaoInProcess()),
);
