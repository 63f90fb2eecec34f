import { membersIn, tagsIn } from '../sts/members.ts';
import type { Need } from './evaluate.ts';

/** The permissions for a call of STS. Every principal may ask for its own identity. */
export const stsNeeds = (query: URLSearchParams): Need[] => {
  const form = Object.fromEntries(query);
  const { Action: action = '', RoleArn: resource = '*' } = form;
  if (action === 'GetCallerIdentity') return [];
  return action === 'GetWebIdentityToken' ? tokenNeeds(form) : [{ action: `sts:${action}`, resource }];
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
