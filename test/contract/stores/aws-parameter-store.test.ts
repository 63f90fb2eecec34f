import { createParameterStore } from '#local/aws/ssm/server.ts';
import { connectInProcess } from '#test/support/parameter-store.ts';
import { parameterStoreBench } from './aws-parameter-store-bench.ts';
import { describeStore } from './store-suite.ts';

const start = () => {
  const store = createParameterStore();
  return (options = {}) => connectInProcess(store, options);
};

describeStore('AWS Parameter Store', parameterStoreBench('standard', start, true));
