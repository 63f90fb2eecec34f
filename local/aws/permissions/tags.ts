import type { Context } from './evaluate.ts';

/** Condition keys of tags: one key for each, such as `aws:ResourceTag/owner`. */
export const tagContext = (key: string, all: ReadonlyMap<string, string>): Context =>
  Object.fromEntries([...all].map(([name, value]) => [`${key}/${name}`, [value]]));

/** Condition keys of the tags in a request; none for a request without tags. */
export const requestTagContext = (tags: readonly { readonly Key: string; readonly Value: string }[]): Context =>
  tags.length === 0
    ? {}
    : {
        ...tagContext('aws:RequestTag', new Map(tags.map(({ Key, Value }) => [Key, Value]))),
        'aws:TagKeys': tags.map(({ Key }) => Key),
      };
