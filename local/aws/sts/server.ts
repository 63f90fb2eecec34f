import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Service } from '../server.ts';
import { ServiceError } from '../service-error.ts';
import { type Elements, toXml } from '../xml.ts';
import { type AssumeRoleOptions, assumedRoleArn, createAssumeRole } from './assume-role.ts';
import { createGetWebIdentityToken, type WebIdentityOptions } from './web-identity.ts';

/** Answers one action. The form has the parameters of the request, including `Action` and `Version`. */
type StsAction = (caller: string, form: Readonly<Record<string, string>>) => Elements;

/** The parts that only an account with outbound web identity federation has. */
type WebIdentity = Pick<WebIdentityOptions, 'federation' | 'functionArnOf'>;

/** STS, in AWS's query protocol. Without a web identity, it issues no web identity tokens. */
export const createSts = (options: AssumeRoleOptions, webIdentity?: WebIdentity): Service => {
  const actions: ReadonlyMap<string, StsAction> = new Map([
    ['AssumeRole', createAssumeRole(options)],
    ['GetCallerIdentity', createGetCallerIdentity(options)],
    ...(webIdentity === undefined
      ? []
      : [['GetWebIdentityToken', createGetWebIdentityToken({ ...options, ...webIdentity })] as const]),
  ]);
  return async (_request, response, call) => {
    const form = Object.fromEntries(new URLSearchParams(await call.body()));
    const { Action: name = '' } = form;
    try {
      const action = actions.get(name);
      if (action === undefined) throw new ServiceError('InvalidAction', `The local STS does not support ${name}.`);
      const result = action(call.caller, form);
      send(response, 200, { [`${name}Response`]: { [`${name}Result`]: result, ResponseMetadata: requestId() } });
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      refuseSts(response, thrown);
    }
  };
};

const createGetCallerIdentity =
  ({ sessions, principalOf }: AssumeRoleOptions): StsAction =>
  (caller) => {
    const { account, arn } = principalOf(caller);
    const session = sessions.find(caller);
    return {
      Account: account,
      Arn: session === undefined ? arn : assumedRoleArn(session.role, session.name),
      UserId: caller,
    };
  };

/** Refuses a call in the protocol of STS. */
export const refuseSts = (response: ServerResponse, { code, message, status }: ServiceError): void =>
  send(response, status, {
    ErrorResponse: { Error: { Type: 'Sender', Code: code, Message: message }, ...requestId() },
  });

const requestId = () => ({ RequestId: randomUUID() });

const send = (response: ServerResponse, status: number, body: Elements): void => {
  response.writeHead(status, { 'content-type': 'text/xml' });
  response.end(toXml(body, ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'));
};
