import type { Found, Initial, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { differencesIn } from '#shared/domain/blueprint/fields.ts';
import type { Holding } from '#shared/domain/blueprint/subject.ts';
import type { RelayError } from '#shared/errors.ts';
import { type PreparedResource, wantedOf } from '#shared/provisioning/prepared.ts';
import { changeRefused, foreign } from '#shared/provisioning/refusals.ts';
import type { HeldSubject } from '#shared/provisioning/subject-record.ts';

/** Outcome of one resource. */
export type Provided = 'made' | 'adopted' | 'changed' | 'unchanged';

export interface ProvideOptions {
  readonly subject: HeldSubject;
  readonly work: ResourceWork;
  /** Mark of this resource of this subject. */
  readonly mark: string;
  /** The execution and its order, for the record. */
  readonly attempt: string;
  /** Prepares the initial credential. Called only before the object is created. */
  readonly initial: () => Promise<Initial | undefined>;
}

/** A resource, and what is known of it. */
interface Known extends ProvideOptions {
  readonly resource: PreparedResource;
  readonly wanted: Wanted;
  readonly held: Holding | undefined;
}

/**
 * Brings one resource to its wanted state: finds, compares, creates or changes only what differs, and records what it
 * made. Raises `ResourceForeign` and `ChangeRefused` before it changes anything. Repeatable.
 */
export const provide = async (resource: PreparedResource, options: ProvideOptions): Promise<Provided> => {
  const { holdings } = options.subject.current();
  const held = holdings[resource.name];
  const known = { ...options, resource, held, wanted: wantedOf(resource, holdings) };
  checkKey(known);
  const found = await options.work.find(known.wanted);
  return resource.type.keepsMark ? provideMarked(known, found) : provideUnmarked(known, found);
};

/** A new key would make a second object, and leave the first one without an owner. */
const checkKey = ({ resource, held }: Known): void => {
  if (held === undefined) return;
  const changed = resource.type.key.find(
    (setting) => JSON.stringify(resource.settings[setting]) !== JSON.stringify(held.settings[setting]),
  );
  if (changed !== undefined) {
    throw changeRefused(resource, changed, 'it identifies the object. Deprovision the subject, and provision it again');
  }
};

const provideMarked = async (known: Known, found: Found | undefined): Promise<Provided> => {
  const { resource, work, wanted, mark, subject, held, attempt } = known;
  if (found === undefined) {
    await refuseRenamed(known);
    return make(known);
  }

  const isRecorded = held?.id === found.id;
  if (found.mark !== undefined && found.mark !== mark) throw ofAnother(resource, found);
  const isOurs = found.mark === mark || isRecorded;
  if (!isOurs && !resource.adopt)
    throw foreign(resource, found.title, 'it exists already, and the relay did not make it');

  const differing = await changeable(known, found);
  const isMarked = found.mark !== undefined || found.isUnmarkable === true;
  const isSame = isRecorded && isMarked && differing.length === 0;
  if (!isSame) await subject.touch();
  if (!isOurs) await subject.hold(resource.name, holdingOf(resource, 'adopted', found.id, attempt));
  // The answer or the record of its creation was lost. An adoption is recorded before it is marked.
  else if (!isRecorded) await subject.hold(resource.name, holdingOf(resource, 'made', found.id, attempt));
  if (!isMarked) await work.setMark?.(wanted, found, mark);
  // The mark is in a text that the change writes as well.
  if (differing.length > 0) await work.change(wanted, { ...found, mark }, differing);
  if (isRecorded) await refresh(known, held);
  if (!isOurs) return 'adopted';
  if (!isRecorded) return 'made';
  return isSame ? 'unchanged' : 'changed';
};

/** The mark shows a person which blueprint it is. */
const ofAnother = (resource: PreparedResource, { title, mark = '' }: Found): RelayError => {
  const [rule] = mark.split(' ');
  return foreign(
    resource,
    title,
    `it belongs to another subject or resource of the blueprint ${rule}`,
    'Give it another name, for example with an input',
  );
};

/**
 * An object without a mark belongs to the subject by its record, and only inside a parent that the relay made. One
 * that connects nothing exists always, and the blueprint has to take it over.
 */
const provideUnmarked = async (known: Known, found: Found | undefined): Promise<Provided> => {
  const { resource, work, wanted, subject, held, attempt, mark } = known;
  const differing = found === undefined ? [] : await changeable(known, found);
  const isSame = found !== undefined && differing.length === 0;
  if (isSame && held?.id !== undefined) {
    await refresh(known, held);
    return 'unchanged';
  }
  if (held === undefined && !isInside(known)) {
    throw foreign(resource, found?.title ?? resource.name, 'the relay made none of the objects that it connects');
  }
  await subject.touch();
  const earlier = held === undefined ? found?.fields : held.earlier;
  const recorded = { ...holdingOf(resource, 'made', found?.id, held?.attempt ?? attempt), ...(earlier && { earlier }) };
  if (isSame) {
    await subject.hold(resource.name, recorded);
    return 'made';
  }
  // Comes first, so that a change whose answer is lost can be undone.
  await subject.hold(resource.name, { ...recorded, id: held?.id });
  if (found !== undefined) await work.change(wanted, found, differing);
  const id = found?.id ?? (await work.create(wanted, { mark, initial: undefined }));
  await subject.hold(resource.name, { ...recorded, id });
  return found === undefined ? 'made' : 'changed';
};

const isInside = ({ resource, subject }: Known): boolean => {
  if (Object.keys(resource.type.references).length === 0) return resource.adopt;
  const { holdings } = subject.current();
  return Object.values(resource.references)
    .flat()
    .some((name) => holdings[name]?.how === 'made');
};

/** An object under another name is still there: a second one would leave it without an owner. */
const refuseRenamed = async ({ resource, work, held }: Known): Promise<void> => {
  const renamed = held?.id === undefined ? undefined : await work.read?.(held.id);
  if (renamed === undefined) return;
  const [key = 'name'] = resource.type.key.filter((setting) => !Object.hasOwn(resource.type.references, setting));
  throw changeRefused(
    resource,
    key,
    `someone has changed it in the vault: the object is now ${JSON.stringify(renamed.title)}. Change it back, or deprovision the subject, and provision it again`,
  );
};

/** Creates an object. If the answer is lost, the repeated step or the undo finds the object by its mark. */
const make = async ({ resource, work, wanted, mark, subject, attempt, initial }: Known): Promise<Provided> => {
  await subject.touch();
  const id = await work.create(wanted, { mark, initial: await initial() });
  await subject.hold(resource.name, holdingOf(resource, 'made', id, attempt));
  return 'made';
};

/** Settings that differ. Raises `ChangeRefused` if one of them must not be changed. */
const changeable = async ({ resource, work, wanted }: Known, found: Found): Promise<readonly string[]> => {
  const differences = differencesIn(await work.desired(wanted), found.fields);
  const refused = differences.find(({ setting }) => Object.hasOwn(resource.type.fixed, setting));
  if (refused !== undefined) {
    throw changeRefused(resource, refused.setting, resource.type.fixed[refused.setting] ?? '', refused);
  }
  return differences.map(({ setting }) => setting);
};

/** Keeps the settings of the last change, which the deletion uses. */
const refresh = async ({ resource, subject }: Known, held: Holding): Promise<void> => {
  if (JSON.stringify(held.settings) === JSON.stringify(resource.settings)) return;
  await subject.hold(resource.name, { ...held, settings: resource.settings });
};

const holdingOf = (
  { typeName, settings, name }: PreparedResource,
  how: Holding['how'],
  id: string | undefined,
  attempt: string,
): Holding => ({ type: typeName, how, title: name, settings, attempt, ...(id !== undefined && { id }) });
