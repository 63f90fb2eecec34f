import { createParameterStore } from '#local/aws/ssm/server.ts';
import { connectInProcess } from '#test/support/parameter-store.ts';
import { describeParameterStore } from './ssm.ts';

describeParameterStore('the local server', async () => connectInProcess(createParameterStore()));
