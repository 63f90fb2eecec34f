import * as z from 'zod';
import { isTrusted, type Principal } from '../permissions/trust.ts';
import { roleIdOf } from '../principals.ts';
import { ServiceError } from '../service-error.ts';
import type { AccountRole, Roles } from './roles.ts';
import type { Sessions } from './sessions.ts';

/**
 * AssumeRole. The permissions of the caller are checked before, like those of every call. Source: STS API reference,
 * AssumeRole.
 */

export interface AssumeRoleOptions {
  readonly roles: Pick<Roles, 'find'>;
  readonly sessions: Pick<Sessions, 'find' | 'start'>;
  readonly principalOf: (caller: string) => Principal;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A session that another session starts lasts at most an hour. Source: IAM user guide, "Role chaining". */
const MAX_CHAINED_SECONDS = 3600;

const requestSchema = z.strictObject({
  Action: z.string(),
  Version: z.string(),
  RoleArn: z.string().min(20).max(2048),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  ExternalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/)
    .optional(),
  DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3600),
});

export const createAssumeRole =
  ({ roles, sessions, principalOf, now }: AssumeRoleOptions) =>
  (caller: string, form: Readonly<Record<string, string>>) => {
    const request = parse(form);
    const role = roles.find(request.RoleArn);
    const principal = principalOf(caller);
    if (role === undefined || !isTrusted(role.trust, principal, contextOf(principal, request))) {
      throw denied(principal, request.RoleArn);
    }
    const seconds = request.DurationSeconds;
    if (seconds > role.maxSessionSeconds) {
      throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
    }
    if (sessions.find(caller) !== undefined && seconds > MAX_CHAINED_SECONDS) {
      throw invalid(
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      );
    }
    const expiresAt = now() + seconds * 1000;
    const name = request.RoleSessionName;
    const credentials = sessions.start({ role, name, expiresAt });
    return {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(expiresAt).toISOString(),
      },
      AssumedRoleUser: { AssumedRoleId: `${roleIdOf(role.arn)}:${name}`, Arn: assumedRoleArn(role, name) },
    };
  };

type Request = z.infer<typeof requestSchema>;

const parse = (form: Readonly<Record<string, string>>): Request => {
  const { data, error } = requestSchema.safeParse(form);
  if (data !== undefined) return data;
  const problems = error?.issues.map(({ path, message }) => `Value at '${path.join('.')}': ${message}`) ?? [];
  throw invalid(`${problems.length} validation error detected: ${problems.join('; ')}`);
};

const contextOf = ({ account, arn }: Principal, { ExternalId, RoleSessionName }: Request) => ({
  'aws:PrincipalAccount': [account],
  'aws:PrincipalArn': [arn],
  'sts:RoleSessionName': [RoleSessionName],
  ...(ExternalId !== undefined && { 'sts:ExternalId': [ExternalId] }),
});

/** ARN of a session: the role without its path, and the name of the session. */
export const assumedRoleArn = ({ arn, account }: AccountRole, session: string): string =>
  `arn:aws:sts::${account}:assumed-role/${arn.split('/').at(-1)}/${session}`;

/** AWS does not tell a missing role from an untrusting one. */
const denied = ({ arn }: Principal, role: string) =>
  new ServiceError(
    'AccessDenied',
    `User: ${arn} is not authorized to perform: sts:AssumeRole on resource: ${role}`,
    403,
  );

const invalid = (message: string) => new ServiceError('ValidationError', message);
