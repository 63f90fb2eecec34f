import { adviseInput, checkBlueprintTexts, placeholdersIn } from '#shared/config/blueprint-texts.ts';
import { type Checkable, checkableEntries, deliveries, ownOf } from '#shared/config/checkable.ts';
import { kindOf } from '#shared/config/kind-checks.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { isSameUser } from '#shared/config/same-user.ts';
import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { ResourceType, ResourceTypes } from '#shared/connections/resource.ts';
import { inputProblem } from '#shared/domain/blueprint/inputs.ts';
import { namesIn } from '#shared/domain/blueprint/names.ts';

/** Checks of blueprints: their connections, the references between resources, and the sources of inputs. Pure. */

type Path = Problem['path'];

/** A resource, and its surroundings. */
export interface ResourceContext {
  readonly blueprint: BlueprintConfig;
  readonly name: string;
  readonly resource: BlueprintConfig['resources'][string];
  readonly type: ResourceType;
  /** The resource types of the connection. */
  readonly types: ResourceTypes;
  readonly path: Path;
}

const checkExists = (
  path: Path,
  wanted: string,
  usable: readonly string[],
  known: readonly string[] = usable,
): Problem[] =>
  known.length === 0 || known.includes(wanted)
    ? []
    : [
        {
          path,
          message: `there is no connection "${wanted}"; ${usable.length === 0 ? 'add one whose user reads credentials' : suggest(wanted, usable)}`,
        },
      ];

/** The user that reads credentials administers nothing. */
const checkConnections = (
  config: Checkable,
  types: RegisteredTypes,
  path: Path,
  { connection, proof }: BlueprintConfig,
): Problem[] => {
  const known = Object.keys(config.connections ?? {});
  const at = [...path, 'connection'];
  const isSame = (other: string): boolean => isSameUser(config, types, connection, other);
  // A directory has no credentials: the rule that reads them there has a message of its own.
  const isVault = kindOf(config, types, connection) === 'vault';
  const reader = isVault ? deliveries(config).find(({ entry }) => isSame(entry.connection)) : undefined;
  return [
    ...checkExists(at, connection, known),
    ...(proof.access === undefined
      ? []
      : checkExists(
          [...path, 'proof', 'access'],
          proof.access,
          known.filter((one) => !isSame(one)),
          known,
        )),
    ...(reader === undefined
      ? []
      : [
          {
            path: at,
            message: `the user of "${connection}" also reads credentials for ${reader.section}.${reader.name}; add a connection with a user and a bootstrap secret of its own`,
          },
        ]),
    ...(proof.access !== undefined && isSame(proof.access)
      ? [
          {
            path: [...path, 'proof', 'access'],
            message: `the user of "${connection}" administers; name a connection that reads credentials`,
          },
        ]
      : []),
  ];
};

const checkReferences = ({ blueprint, name, resource, type, path }: ResourceContext): Problem[] => {
  const names = Object.keys(blueprint.resources);
  const earlier = names.slice(0, names.indexOf(name));
  return Object.entries(type.references).flatMap(([setting, allowed]) => {
    const value = resource[setting];
    const wantedNames = namesIn(value);
    const usable = earlier.filter((one) => allowed.includes(blueprint.resources[one]?.type ?? ''));
    return wantedNames.flatMap((wanted, index): Problem[] => {
      if (usable.includes(wanted)) return [];
      const at = [...path, setting, ...(Array.isArray(value) ? [index] : [])];
      const types = allowed.join(' or ');
      const proposal =
        usable.length === 0 ? `add a resource of the type ${types} before ${name}` : suggest(wanted, usable);
      if (!names.includes(wanted)) return [{ path: at, message: `there is no resource "${wanted}"; ${proposal}` }];
      const found = blueprint.resources[wanted]?.type;
      return found !== undefined && allowed.includes(found)
        ? [{ path: at, message: `"${wanted}" comes later; move it before ${name}` }]
        : [{ path: at, message: `"${wanted}" is of the type ${found}, not ${types}; ${proposal}` }];
    });
  });
};

const earlierThan = ({ blueprint, name }: ResourceContext): BlueprintConfig['resources'] => {
  const names = Object.keys(blueprint.resources);
  return Object.fromEntries(Object.entries(blueprint.resources).slice(0, names.indexOf(name)));
};

const checkSettings = (context: ResourceContext): Problem[] =>
  (context.type.check?.(context.resource, earlierThan(context)) ?? []).map(({ setting, message }) => ({
    path: [...context.path, ...(setting === undefined ? [] : [setting])],
    ...(setting === undefined && { atKey: true }),
    message,
  }));

/** Two resources with one key would be one object. Names in the vault are not case-sensitive. */
const checkIdentity = (context: ResourceContext): Problem[] => {
  const { resource, type, path } = context;
  const keyOf = (one: typeof resource) => JSON.stringify(type.key.map((setting) => one[setting])).toLowerCase();
  const same = Object.entries(earlierThan(context)).find(
    ([, other]) => other.type === resource.type && keyOf(other) === keyOf(resource),
  );
  if (same === undefined) return [];
  const message = `is the same ${resource.type} as "${same[0]}" (${type.key.join(', ')}); remove it, or give it another name`;
  return [{ path, atKey: true, message }];
};

/** The schema accepts the resource types of all connections. */
const checkResources = (kinds: ResourceTypes | undefined, path: Path, blueprint: BlueprintConfig): Problem[] => {
  if (kinds === undefined) return [];
  return Object.entries(blueprint.resources).flatMap(([name, resource]): Problem[] => {
    const at = [...path, 'resources', name];
    const type = ownOf(kinds, resource.type);
    if (type === undefined) {
      const known = Object.keys(kinds);
      const advice = known.length === 0 ? 'name a connection that can provision' : suggest(resource.type, known);
      const message = `connection "${blueprint.connection}" has no resource type "${resource.type}"; ${advice}`;
      return [{ path: [...at, 'type'], message }];
    }
    const context = { blueprint, name, resource, type, types: kinds, path: at };
    return [
      ...checkReferences(context),
      ...checkBlueprintTexts(context),
      ...checkSettings(context),
      ...checkIdentity(context),
    ];
  });
};

const checkInputs = (path: Path, { inputs, resources }: BlueprintConfig): Problem[] => {
  const used = placeholdersIn(resources);
  return Object.entries(inputs).flatMap(([name, { format, default: preset }]): Problem[] => {
    const at = [...path, 'inputs', name];
    const fix = preset === undefined ? undefined : inputProblem(format, preset);
    if (fix !== undefined) return [{ path: [...at, 'default'], message: `does not fit the format ${format}; ${fix}` }];
    if (used.has(name)) return [];
    return [{ path: at, atKey: true, message: `is not used; write {${name}} in a setting, or remove it` }];
  });
};

/** A source that fits each format. */
const SOURCES = { word: 'instance-id', address: 'private-ip', text: 'instance-id' } as const;

/** An event must provide exactly what the blueprint needs. */
const checkEc2 = (path: Path, { inputs, ec2 }: BlueprintConfig): Problem[] => {
  if (ec2 === undefined) return [];
  const at = [...path, 'ec2', 'inputs'];
  const declared = Object.keys(inputs);
  return [
    ...Object.keys(ec2.inputs)
      .filter((name) => !declared.includes(name))
      .map((name) => ({ path: [...at, name], atKey: true, message: `is no input; ${adviseInput(name, declared)}` })),
    ...Object.entries(inputs)
      .filter(([name, { default: preset }]) => preset === undefined && !Object.hasOwn(ec2.inputs, name))
      .map(([name, { format }]) => ({
        path: at,
        message: `lacks "${name}"; add for example ${name}: ${SOURCES[format]}`,
      })),
    ...Object.entries(ec2.inputs)
      .filter(
        ([name, source]) =>
          ownOf(inputs, name)?.format === 'address' && ['private-dns', 'instance-id'].includes(String(source)),
      )
      .map(([name]) => ({ path: [...at, name], message: 'is no address; write private-ip or public-ip' })),
  ];
};

/** Returns all problems of the blueprints. Pure. */
export const checkBlueprints = (config: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(config.provisioning).flatMap(([name, blueprint]) => {
    const path = ['provisioning', name];
    const connectionType = ownOf(config.connections, blueprint.connection)?.type;
    const kinds = connectionType === undefined ? undefined : (ownOf(types.resources, connectionType) ?? {});
    return [
      ...checkConnections(config, types, path, blueprint),
      ...checkResources(kinds, path, blueprint),
      ...checkInputs(path, blueprint),
      ...checkEc2(path, blueprint),
    ];
  });
