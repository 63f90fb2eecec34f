import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach } from 'vitest';

/**
 * Mocks an AWS client for the tests of a file or a `describe`. The mock is reset before each test. The client is
 * restored after the last one, because files in the same worker share its prototype.
 */
export const mockAws: typeof mockClient = (client) => {
  const mock = mockClient(client);
  beforeEach(() => {
    mock.reset();
  });
  afterAll(() => mock.restore());
  return mock;
};
