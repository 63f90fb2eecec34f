import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { RelayError } from '#shared/errors.ts';
import { relayIdOf } from '#shared/names.ts';
import type { RoleToAssume } from '#shared/stores/store.ts';
import { rolesToAssume } from '#shared/workflows/permissions.ts';
import { readConfiguration } from './configuration.ts';
import type { Output } from './output.ts';
import { roleTemplate } from './role-template.ts';

export interface RoleOptions {
  /** Account and region of the stack. Both are asked of AWS if one is missing. */
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** ARN of the role, if the configuration has several. */
  readonly role?: string | undefined;
}

/** `pam-relay role`: prints the CloudFormation template of the role in another account. Returns the exit code. */
export const role = async (file: string, options: RoleOptions, output: Output): Promise<number> => {
  const config = readConfiguration(file);
  const { account, region } = await stackOf(config.relay, options);
  const roles = rolesToAssume(config, REGISTERED_TYPES, {
    owners: `${relayIdOf(config.relay, account, region)}/*`,
    partition: partitionOf(region),
    region,
    account,
  });
  const chosen = choose(roles, options.role, file);
  if (chosen.arn.split(':')[4] === account) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The role ${chosen.arn} is in the account ${account} itself. --account is the account of the stack, and the template is for the account of the role.`,
    );
  }
  output.out(JSON.stringify(roleTemplate(config.relay, chosen), null, 2));
  return 0;
};

const ACCOUNT = /^\d{12}$/;

const stackOf = async (
  relay: string,
  { account, region }: RoleOptions,
): Promise<{ readonly account: string; readonly region: string }> => {
  if (account !== undefined && !ACCOUNT.test(account)) {
    throw new RelayError(
      'ConfigurationInvalid',
      '--account is not the number of an AWS account. Write its 12 digits, for example: --account 111122223333',
    );
  }
  if (account !== undefined && region !== undefined) return { account, region };
  const { findDeployment } = await import('./plan/deployment.ts');
  const found = await findDeployment(relay, undefined);
  return { account: account ?? found.account, region: region ?? found.region };
};

/** Source: AWS General Reference, "Amazon Resource Names", partitions. */
const partitionOf = (region: string): string => {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
};

const choose = (roles: readonly RoleToAssume[], wanted: string | undefined, file: string): RoleToAssume => {
  const arns = roles.map(({ arn }) => arn);
  const found = wanted === undefined ? roles[0] : roles.find(({ arn }) => arn === wanted);
  if (found !== undefined && (wanted !== undefined || roles.length === 1)) return found;
  throw new RelayError(
    'ConfigurationInvalid',
    arns.length === 0
      ? `No store of ${file} has a roleArn, so the relay assumes no role.`
      : `${file} has ${arns.length === 1 ? 'one role' : `${arns.length} roles`}. Name one of them: ${arns.map((arn) => `--role ${arn}`).join(' or ')}`,
  );
};
