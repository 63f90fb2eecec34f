import { invalidResource, notFound, tooManyTags, versionNotFound } from './errors.ts';
import { parseSelector } from './names.ts';
import type { Requests, TagInput } from './requests.ts';

const MAX_TAGS = 50;

/** AWS removes the oldest version when the 101st is written. */
export const MAX_VERSIONS = 100;

type ParameterType = NonNullable<Requests['PutParameter']['Type']>;
export type Tier = NonNullable<Requests['PutParameter']['Tier']>;

/** A version is never changed. */
export interface Version {
  readonly number: number;
  readonly value: string;
  readonly description: string | undefined;
  readonly type: ParameterType;
  readonly keyId: string | undefined;
  readonly tier: Tier;
  readonly changedAt: number;
  readonly changedBy: string;
}

export interface Parameter {
  /** Number of the creation, which is the order of DescribeParameters. */
  readonly sequence: number;
  readonly name: string;
  readonly arn: string;
  /** Oldest first, never empty. */
  readonly versions: readonly [Version, ...Version[]];
  readonly tags: ReadonlyMap<string, string>;
}

export interface StateOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly region: string;
  readonly accountId: string;
}

/** The parameters of one account and region. Every method is atomic. */
export class State {
  readonly options: StateOptions;
  readonly #byName = new Map<string, Parameter>();
  #created = 0;

  constructor(options: StateOptions) {
    this.options = options;
  }

  arnOf(name: string): string {
    return `${this.#arnPrefix}${name.startsWith('/') ? '' : '/'}${name}`;
  }

  add(name: string, version: Version, tags: ReadonlyMap<string, string>): void {
    const parameter = { sequence: ++this.#created, name, arn: this.arnOf(name), versions: [version] as const, tags };
    this.#byName.set(name, parameter);
  }

  replace(parameter: Parameter): void {
    this.#byName.set(parameter.name, parameter);
  }

  remove(name: string): void {
    if (!this.#byName.delete(name)) throw notFound(name);
  }

  lookUp(selector: string): Parameter | undefined {
    return this.#byName.get(parseSelector(selector, this.#arnPrefix).name);
  }

  find(name: string): Parameter {
    const parameter = this.lookUp(name);
    if (parameter === undefined) throw notFound(name);
    return parameter;
  }

  /** For the actions on tags, which have an error of their own. */
  findResource(name: string): Parameter {
    const parameter = this.#byName.get(name);
    if (parameter === undefined) throw invalidResource();
    return parameter;
  }

  /** Finds a version by `name`, `name:version` or an ARN. */
  findVersion(selector: string): { parameter: Parameter; version: Version } {
    const { name, version: number } = parseSelector(selector, this.#arnPrefix);
    const parameter = this.find(name);
    const version = number === undefined ? currentOf(parameter) : parameter.versions.find((v) => v.number === number);
    if (version === undefined) throw versionNotFound(name, number ?? 0);
    return { parameter, version };
  }

  /** All parameters in the order of their creation. */
  parameters(): Parameter[] {
    return [...this.#byName.values()].toSorted((one, other) => one.sequence - other.sequence);
  }

  get #arnPrefix(): string {
    return `arn:aws:ssm:${this.options.region}:${this.options.accountId}:parameter`;
  }
}

export const currentOf = ({ versions }: Parameter): Version => versions.at(-1) ?? versions[0];

/** Adds tags atomically and returns all tags of the parameter. */
export const withTags = (current: ReadonlyMap<string, string>, tags: readonly TagInput[]): Map<string, string> => {
  const all = new Map([...current, ...tags.map(({ Key, Value }) => [Key, Value] as const)]);
  if (all.size > MAX_TAGS) throw tooManyTags();
  return all;
};
