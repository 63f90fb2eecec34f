import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';
import { arnOf, type Template } from '../template/template.ts';
import { type Context, evaluate, type Grant, grantsOf, type Need } from './evaluate.ts';
import { rolesIn } from './roles.ts';

/**
 * The permissions of all callers. A function has those of its role in the template. Any other caller is an operator
 * with all permissions.
 */
export interface Permissions {
  /** Returns AWS's error message for the first permission that the caller lacks, or undefined if it has all of them. */
  check(caller: string, needs: readonly Need[]): string | undefined;
  /** The message of each denied call. */
  readonly denials: readonly string[];
  /** Grants that no call of a function has used yet, as `<function>: <action> on <resource>[ if …]`. */
  unusedGrants(): string[];
}

export const createPermissions = (template: Template): Permissions => {
  const roles = rolesIn(template);
  const arns = new Map(template.ofType('AWS::Lambda::Function').map((fn) => [fn.identity.name, arnOf(fn)]));
  const used = new Set<string>();
  const denials: string[] = [];

  /** Lambda sets `lambda:SourceFunctionArn` on calls that the function's own code makes. */
  const identify = (caller: string): { readonly name: string; readonly context: Context } =>
    caller.startsWith(BY_LAMBDA)
      ? { name: caller.slice(BY_LAMBDA.length), context: {} }
      : { name: caller, context: { 'lambda:SourceFunctionArn': [arns.get(caller) ?? ''] } };

  return {
    denials,
    check(caller, needs) {
      const { name, context: ofCaller } = identify(caller);
      const statements = roles.get(name);
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
      const all = [...roles].flatMap(([name, role]) => grantsOf(role, 'Allow').map((grant) => describe(name, grant)));
      return [...new Set(all)].filter((grant) => !used.has(grant));
    },
  };
};

const BY_LAMBDA = 'lambda:';

/** The caller when Lambda itself uses the role of a function, for example to read its queue. */
export const lambdaWithRoleOf = (functionName: string): string => `${BY_LAMBDA}${functionName}`;

const describe = (caller: string, { action, resource, conditions }: Grant): string => {
  const terms = conditions.map(({ operator, key, values }) => `${operator} ${key} ${values.join(' or ')}`);
  return `${caller}: ${action} on ${resource}${terms.length === 0 ? '' : ` if ${terms.join(' and ')}`}`;
};

const denialOf = (caller: string, { action, resource }: Need, kind: 'not-allowed' | 'denied'): string => {
  const user = `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${caller}`;
  const why =
    kind === 'denied' ? 'with an explicit deny' : `because no identity-based policy allows the ${action} action`;
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
};

/** The permissions for using a customer managed key through a service. None without such a key. */
export const keyNeeds = (keyArn: string | undefined, service: string, ...actions: readonly string[]): Need[] =>
  keyArn === undefined
    ? []
    : actions.map((action) => ({
        action: `kms:${action}`,
        resource: keyArn,
        context: { 'kms:ViaService': [`${service}.${LOCAL_REGION}.amazonaws.com`] },
      }));
