/** Where the local side pretends to be. The account is the one that fauxqs answers for. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';
const LOCAL_KEY = 'local';

/**
 * What AWS's runtime would put into a function's environment, pointed at this machine.
 * @throws when the endpoint is missing or leads anywhere but to the loopback interface.
 */
export const awsEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: requireLoopback(endpoint, 'AWS_ENDPOINT_URL'),
  AWS_REGION: LOCAL_REGION,
  AWS_DEFAULT_REGION: LOCAL_REGION,
  AWS_ACCESS_KEY_ID: LOCAL_KEY,
  AWS_SECRET_ACCESS_KEY: LOCAL_KEY,
  // Nothing of the developer's own AWS set-up may be found by the SDK.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** The address itself, once it is sure that nothing leaves this machine through it. */
export const requireLoopback = (address: string | undefined, what: string): string => {
  if (address === undefined || address === '')
    throw new Error(`${what} is not set: local mode does not start without it.`);
  const host = URL.canParse(address) ? new URL(address).hostname : undefined;
  if (host === undefined || !LOOPBACK_HOSTS.has(host)) {
    throw new Error(`${what} is ${address}: local mode only talks to this machine (127.0.0.1).`);
  }
  return address;
};
