import { membersIn, tagsIn } from '../sts/members.ts';
import type { Context, Need } from './evaluate.ts';

/** The permissions for a call of STS. Every principal may ask for its own identity. */
export const stsNeeds = (query: URLSearchParams): Need[] => {
  const form = Object.fromEntries(query);
  const { Action: action = '', RoleArn: resource = '*', RoleSessionName: name } = form;
  if (action === 'GetCallerIdentity') return [];
  if (action === 'GetWebIdentityToken') return tokenNeeds(form);
  const context: Context = name === undefined ? {} : { 'sts:RoleSessionName': [name] };
  return [{ action: `sts:${action}`, resource, context }];
};

/** Source: IAM user guide, outbound identity federation, "Controlling access with IAM policies". */
const tokenNeeds = (form: Readonly<Record<string, string>>): Need[] => {
  const { DurationSeconds: seconds, SigningAlgorithm: algorithm } = form;
  const context = {
    'sts:IdentityTokenAudience': membersIn(form, 'Audience'),
    ...(seconds !== undefined && { 'sts:DurationSeconds': [seconds] }),
    ...(algorithm !== undefined && { 'sts:SigningAlgorithm': [algorithm] }),
  };
  const tags = tagsIn(form);
  const ofTags = Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]]));
  return [
    { action: 'sts:GetWebIdentityToken', resource: '*', context },
    ...(tags.length === 0
      ? []
      : [
          {
            action: 'sts:TagGetWebIdentityToken',
            resource: '*',
            context: { ...context, ...ofTags, 'aws:TagKeys': tags.map(({ Key }) => Key) },
          },
        ]),
  ];
};
