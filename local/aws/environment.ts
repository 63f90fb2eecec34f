/** Account and region of the AWS side. The account is the one that fauxqs serves. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';
const LOCAL_KEY = 'local';

/**
 * The environment variables of AWS's runtime, pointed at this machine.
 * @throws if the endpoint is missing or is not on the loopback interface.
 */
export const awsEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: requireLoopback(endpoint, 'AWS_ENDPOINT_URL'),
  // The SDK also calls STS from within other clients, which may have an address of their own.
  AWS_ENDPOINT_URL_STS: endpoint,
  AWS_REGION: LOCAL_REGION,
  AWS_DEFAULT_REGION: LOCAL_REGION,
  AWS_ACCESS_KEY_ID: LOCAL_KEY,
  AWS_SECRET_ACCESS_KEY: LOCAL_KEY,
  // The SDK must not find the developer's own AWS configuration.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Returns the address if it is on the loopback interface, so that nothing leaves this machine. Otherwise throws. */
export const requireLoopback = (address: string | undefined, what: string): string => {
  if (address === undefined || address === '') throw new Error(`${what} is not set. Local mode requires it.`);
  const host = URL.canParse(address) ? new URL(address).hostname : undefined;
  if (host === undefined || !LOOPBACK_HOSTS.has(host)) {
    throw new Error(`${what} is ${address}. Local mode only connects to this machine (127.0.0.1).`);
  }
  return address;
};
