import type { DescribedInstance } from '#shared/aws/ec2.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { checkInputs } from '#shared/domain/blueprint/inputs.ts';
import type { Inputs } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import type { MachineEvent } from './read-event.ts';

type Blueprint = RelayConfig['provisioning'][string];
type Machines = NonNullable<Blueprint['ec2']>;
export type MachineBlueprint = Blueprint & { readonly ec2: Machines };

/** Blueprints whose subjects can be machines. Pure. */
export const blueprintsWithMachines = ({ provisioning }: Pick<RelayConfig, 'provisioning'>) =>
  new Map(
    Object.entries(provisioning).flatMap(([rule, blueprint]): [string, MachineBlueprint][] =>
      blueprint.ec2 === undefined ? [] : [[rule, { ...blueprint, ec2: blueprint.ec2 }]],
    ),
  );

/** Blueprints that the tags of a machine name. Pure. */
export const blueprintsNamedBy = (
  { tags }: Pick<DescribedInstance, 'tags'>,
  blueprints: ReadonlyMap<string, MachineBlueprint>,
): readonly string[] => [...blueprints].flatMap(([rule, { ec2 }]) => (tags.get(ec2.tag) === rule ? [rule] : []));

/**
 * The blueprints that the tags of a machine name, each with its inputs; none for a machine without such a tag. Raises
 * `MessageInvalid`, which quotes no value of a tag, because anyone who may tag a machine writes it. Pure.
 */
export const wantedBy = (
  { account, instance }: Pick<MachineEvent, 'account' | 'instance'>,
  machine: DescribedInstance,
  blueprints: ReadonlyMap<string, MachineBlueprint>,
): readonly { readonly rule: string; readonly inputs: Inputs }[] => {
  const keys = new Set([...blueprints.values()].map(({ ec2 }) => ec2.tag).filter((key) => machine.tags.has(key)));
  return [...keys].map((key) => {
    const rule = machine.tags.get(key) ?? '';
    const blueprint = blueprints.get(rule);
    if (blueprint === undefined || blueprint.ec2.tag !== key) throw unknownBlueprint(key);
    const { ec2 } = blueprint;
    const place = `provisioning.${rule}.ec2`;
    if (!ec2.accounts.includes(account)) {
      throw invalid(`${place}.accounts`, `does not allow the account ${account}`, `add '${account}' to it`);
    }
    if (machine.vpc === undefined || !ec2.vpcs.includes(machine.vpc)) {
      throw invalid(
        `${place}.vpcs`,
        `does not allow the VPC of the machine ${instance}`,
        machine.vpc === undefined ? 'use a machine in a VPC' : `add ${machine.vpc} to it`,
      );
    }
    const checked = checkInputs(blueprint.inputs, inputsOf(instance, machine, ec2));
    if (!checked.ok) {
      const problems = checked.problems.map(({ input, message }) => `${place}.inputs.${input}: ${message}`);
      throw new RelayError('MessageInvalid', `${problems.join('; ')}; correct the machine ${instance}`);
    }
    return { rule, inputs: checked.inputs };
  });
};

const inputsOf = (instance: string, machine: DescribedInstance, { inputs }: Machines): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, source]) => {
      const value = textFrom(source, instance, machine);
      return value === undefined ? [] : [[name, value]];
    }),
  );

const textFrom = (
  source: Machines['inputs'][string],
  instance: string,
  machine: DescribedInstance,
): string | undefined => {
  switch (source) {
    case 'instance-id':
      return instance;
    case 'private-ip':
      return machine.privateIp;
    case 'private-dns':
      return machine.privateDns;
    case 'public-ip':
      return machine.publicIp;
    default:
      return machine.tags.get(source.tag);
  }
};

const invalid = (place: string, what: string, fix: string): RelayError =>
  new RelayError('MessageInvalid', `${place}: ${what}; ${fix}`);

const unknownBlueprint = (key: string): RelayError =>
  invalid(
    `tag ${key}`,
    'names no entry under provisioning in relay.yaml with an ec2 section for this tag',
    'correct the tag of the machine, or remove it',
  );
