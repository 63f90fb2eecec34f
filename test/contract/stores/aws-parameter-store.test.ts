import { createParameterStore } from '#local/aws/ssm/server.ts';
import { connectInProcess } from '#test/support/parameter-store.ts';
import { parameterStoreBench } from './aws-parameter-store-bench.ts';
import { describeStore } from './store-suite.ts';

for (const tier of ['standard', 'advanced'] as const) {
  describeStore(
    `AWS Parameter Store in the ${tier} tier`,
    parameterStoreBench(tier, () => connectInProcess(createParameterStore())),
  );
}
