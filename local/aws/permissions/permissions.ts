import * as z from 'zod';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';
import { roleIdOf } from '../principals.ts';
import type { Roles } from '../sts/roles.ts';
import type { Sessions } from '../sts/sessions.ts';
import { arnOf, type Template } from '../template/template.ts';
import { type Context, evaluate, type Grant, grantsOf, type Need } from './evaluate.ts';
import { rolesIn } from './roles.ts';
import type { Statement } from './statement.ts';
import type { Principal } from './trust.ts';

/**
 * The permissions of all callers. A function has those of its role in the template, and a session those of the role
 * that it assumed. Any other caller is an operator with all permissions.
 */
export interface Permissions {
  /** Returns AWS's error message for the first permission that the caller lacks, or undefined if it has all of them. */
  check(caller: string, needs: readonly Need[]): string | undefined;
  /** The caller as trust policies see it. */
  principalOf(caller: string): Principal;
  /** ARN of the function that calls; undefined for any other caller. */
  functionArnOf(caller: string): string | undefined;
  /** The message of each denied call. */
  readonly denials: readonly string[];
  /**
   * Grants that no call has used yet, as `<function>: <action> on <resource>[ if …]`. A role that can be assumed has
   * its ARN in place of the function.
   */
  unusedGrants(): string[];
}

interface AssumedRoles {
  readonly roles: Pick<Roles, 'all'>;
  readonly sessions: Pick<Sessions, 'find'>;
}

export const createPermissions = (template: Template, assumed?: AssumedRoles): Permissions => {
  const roles = rolesIn(template);
  const arns = new Map(template.ofType('AWS::Lambda::Function').map((fn) => [fn.identity.name, arnOf(fn)]));
  const roleArns = new Map(
    template
      .ofType('AWS::Lambda::Function')
      .map(({ identity, properties }) => [identity.name, z.string().parse(properties['Role'])]),
  );
  const used = new Set<string>();
  const denials: string[] = [];

  /** Lambda sets `lambda:SourceFunctionArn` on calls that the function's own code makes. */
  const identify = (caller: string): Identified => {
    const session = assumed?.sessions.find(caller);
    if (session !== undefined) {
      const { role, name } = session;
      const context = { 'aws:userid': [`${roleIdOf(role.arn)}:${name}`] };
      return { name: role.arn, statements: role.statements, context };
    }
    const isLambda = caller.startsWith(BY_LAMBDA);
    const name = isLambda ? caller.slice(BY_LAMBDA.length) : caller;
    const context: Context = isLambda ? {} : { 'lambda:SourceFunctionArn': [arns.get(caller) ?? ''] };
    return { name, statements: roles.get(name), context };
  };

  return {
    denials,
    principalOf(caller) {
      const session = assumed?.sessions.find(caller);
      if (session !== undefined) return session.role;
      return { account: LOCAL_ACCOUNT, arn: roleArns.get(caller) ?? `arn:aws:iam::${LOCAL_ACCOUNT}:user/${caller}` };
    },
    functionArnOf: (caller) => arns.get(caller),
    check(caller, needs) {
      const { name, statements, context: ofCaller } = identify(caller);
      if (statements === undefined) return undefined;
      for (const need of needs) {
        const decision = evaluate(statements, { ...need, context: { ...need.context, ...ofCaller } });
        if (decision.kind === 'allowed') {
          used.add(describe(name, decision.by));
          continue;
        }
        const denial = denialOf(name, need, decision.kind);
        denials.push(denial);
        return denial;
      }
      return undefined;
    },
    unusedGrants() {
      const assumable = [...(assumed?.roles.all() ?? [])].map((role) => [role.arn, role.statements] as const);
      const all = [...roles, ...assumable].flatMap(([name, role]) =>
        grantsOf(role, 'Allow').map((grant) => describe(name, grant)),
      );
      return [...new Set(all)].filter((grant) => !used.has(grant));
    },
  };
};

interface Identified {
  readonly name: string;
  /** Undefined for an operator. */
  readonly statements: readonly Statement[] | undefined;
  readonly context: Context;
}

const BY_LAMBDA = 'lambda:';

/** The caller when Lambda itself uses the role of a function, for example to read its queue. */
export const lambdaWithRoleOf = (functionName: string): string => `${BY_LAMBDA}${functionName}`;

const describe = (caller: string, { action, resource, conditions }: Grant): string => {
  const terms = conditions.map(({ operator, key, values }) => `${operator} ${key} ${values.join(' or ')}`);
  return `${caller}: ${action} on ${resource}${terms.length === 0 ? '' : ` if ${terms.join(' and ')}`}`;
};

const denialOf = (caller: string, { action, resource }: Need, kind: 'not-allowed' | 'denied'): string => {
  const user = caller.startsWith('arn:') ? caller : `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${caller}`;
  const why =
    kind === 'denied' ? 'with an explicit deny' : `because no identity-based policy allows the ${action} action`;
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
};

/** The permissions for using a customer managed key through a service of a region. None without such a key. */
export const keyNeeds = (
  keyArn: string | undefined,
  service: string,
  actions: readonly string[],
  region: string = LOCAL_REGION,
): Need[] =>
  keyArn === undefined
    ? []
    : actions.map((action) => ({
        action: `kms:${action}`,
        resource: keyArn,
        context: { 'kms:ViaService': [`${service}.${region}.amazonaws.com`] },
      }));
