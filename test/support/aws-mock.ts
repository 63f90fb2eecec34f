import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach } from 'vitest';

/**
 * An AWS client that answers as the tests of a file or a `describe` tell it. It forgets what it was told before each test,
 * and is the real one again after the last: files share a worker, and the client's prototype with it.
 */
export const mockAws: typeof mockClient = (client) => {
  const mock = mockClient(client);
  beforeEach(() => {
    mock.reset();
  });
  afterAll(() => mock.restore());
  return mock;
};
