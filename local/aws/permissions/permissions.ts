import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';
import { arnOf, type Template } from '../template/template.ts';
import { type Context, evaluate, type Grant, grantsOf, type Need } from './evaluate.ts';
import { rolesIn } from './roles.ts';

/** Who may do what: each function what its role in the template allows, and anybody else everything, as an operator. */
export interface Permissions {
  /** What AWS would say to a caller who lacks one of the needs of a call; undefined when all are allowed. */
  check(caller: string, needs: readonly Need[]): string | undefined;
  /** A sentence for each call that was refused. */
  readonly denials: readonly string[];
  /** What no call of a function has needed yet, as `<function>: <action> on <resource>[ if …]`. */
  unusedGrants(): string[];
}

export const createPermissions = (template: Template): Permissions => {
  const roles = rolesIn(template);
  const arns = new Map(template.ofType('AWS::Lambda::Function').map((fn) => [fn.identity.name, arnOf(fn)]));
  const used = new Set<string>();
  const denials: string[] = [];

  /** Lambda tells IAM of a call whether the function's own code makes it. */
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

/** Who calls when Lambda itself makes use of the role of a function, as it does to read a queue for it. */
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

/** What the use of a customer's key by way of a service needs; nothing when there is no such key. */
export const keyNeeds = (keyArn: string | undefined, service: string, ...actions: readonly string[]): Need[] =>
  keyArn === undefined
    ? []
    : actions.map((action) => ({
        action: `kms:${action}`,
        resource: keyArn,
        context: { 'kms:ViaService': [`${service}.${LOCAL_REGION}.amazonaws.com`] },
      }));
