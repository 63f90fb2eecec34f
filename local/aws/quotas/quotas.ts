import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsCall } from '../calls.ts';
import { refuseEc2 } from '../ec2/server.ts';
import { QUOTAS, type Quota } from './table.ts';
import { createTokenBucket } from './token-bucket.ts';

type CountedCall = Pick<AwsCall, 'service' | 'action' | 'region'> & { readonly account: string };

/** The quotas of AWS, which count the calls of each account and region separately. */
export interface Quotas {
  /** Counts a call. False if it exceeds a quota; it must then not reach its service. */
  allows(call: CountedCall, url: string | undefined): boolean;
  /** Refused calls, by `service.Action`. */
  throttled(): Readonly<Record<string, number>>;
}

/** Creates the quotas of accounts in which no call was made yet. `now` is in epoch milliseconds. */
export const createQuotas = (now: () => number, table: readonly Quota[] = QUOTAS): Quotas => {
  const buckets = new Map<string, () => boolean>();
  const throttled: Record<string, number> = {};
  return {
    allows({ service, action, account, region }, url) {
      const quota = table.find((one) => one.service === service && one.actions.includes(action));
      if (quota === undefined) return true;
      const scope = quota.per === 'prefix' ? prefixOf(url) : '';
      const key = [account, region, service, quota.actions.join(), scope].join('.');
      const take = buckets.get(key) ?? createTokenBucket(quota, now);
      buckets.set(key, take);
      if (take()) return true;
      const name = `${service}.${action}`;
      throttled[name] = (throttled[name] ?? 0) + 1;
      return false;
    },
    throttled: () => ({ ...throttled }),
  };
};

/** Bucket and first folder of an object. */
const prefixOf = (url = '/'): string => new URL(url, 'http://127.0.0.1').pathname.split('/').slice(1, 3).join('/');

/** Refuses a call in the format of its service. The SDK recognises each as throttling. */
export const refuseThrottled = (
  request: Pick<IncomingMessage, 'resume'>,
  response: ServerResponse,
  { service }: Pick<AwsCall, 'service'>,
): void => {
  request.resume();
  if (service === 's3') {
    response.writeHead(503, { 'content-type': 'application/xml' });
    response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
  } else if (service === 'ec2') {
    refuseEc2(response, { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 });
  } else if (service === 'sns') {
    response.writeHead(400, { 'content-type': 'text/xml' });
    response.end(
      '<ErrorResponse><Error><Type>Sender</Type><Code>ThrottlingException</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
    );
  } else {
    response.writeHead(400, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-errortype': 'ThrottlingException',
    });
    response.end(JSON.stringify({ __type: 'ThrottlingException', Message: 'Rate exceeded' }));
  }
};
