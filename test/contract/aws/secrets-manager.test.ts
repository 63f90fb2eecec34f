import { afterAll } from 'vitest';
import { startSecretsManager } from '#test/support/secrets-manager.ts';
import { describeSecretsManager } from './secrets-manager.ts';

const running = await startSecretsManager();
afterAll(() => running.close());

describeSecretsManager('the local server', async () => running.connect());
