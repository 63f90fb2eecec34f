import { parsePolicy, type Statement } from '../permissions/statement.ts';
import { parseTrustPolicy, type TrustStatement } from '../permissions/trust.ts';

/** A role that calls can assume. */
export interface AccountRole {
  readonly arn: string;
  readonly account: string;
  readonly trust: readonly TrustStatement[];
  readonly statements: readonly Statement[];
  readonly maxSessionSeconds: number;
}

/** A role as an administrator of its account creates it: the policies in the form of IAM. */
interface RoleInput {
  readonly arn: string;
  readonly trust: unknown;
  readonly policies: readonly unknown[];
  /** Default of IAM: one hour. */
  readonly maxSessionSeconds?: number;
}

/** Roles of all accounts that can be assumed. */
export interface Roles {
  /** Adds a role, or replaces it. @throws for an element of a policy that local mode does not support. */
  add(role: RoleInput): void;
  find(arn: string): AccountRole | undefined;
  all(): Iterable<AccountRole>;
}

const ROLE_ARN = /^arn:aws:iam::(\d{12}):role\/[\w+=,.@/-]+$/;

export const createRoles = (): Roles => {
  const roles = new Map<string, AccountRole>();
  return {
    add({ arn, trust, policies, maxSessionSeconds = 3600 }) {
      const account = ROLE_ARN.exec(arn)?.[1];
      if (account === undefined) throw new Error(`${arn} is not the ARN of a role.`);
      const statements = policies.flatMap(parsePolicy);
      roles.set(arn, { arn, account, trust: parseTrustPolicy(trust), statements, maxSessionSeconds });
    },
    find: (arn) => roles.get(arn),
    all: () => roles.values(),
  };
};
