import { empty, json, refusal, unauthenticated } from '../replies.ts';
import type { Endpoint } from '../site.ts';

const token: Endpoint = {
  method: 'POST',
  template: 'Auth/Connect/Token',
  kind: 'token',
  anonymous: true,
  handle: (site, call) => {
    const form = new URLSearchParams(call.body);
    if (form.get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
    const issued = site.proofs.issueToken(call, form.get('client_id') ?? '', form.get('client_secret') ?? '');
    if (issued.kind === 'unauthenticated') return unauthenticated();
    if (issued.kind === 'refused') return json(400, { error: issued.error });
    const body = {
      access_token: issued.token,
      expires_in: site.switches.tokenSeconds,
      token_type: 'Bearer',
      scope: 'publicapi',
    };
    return { ...json(200, body), about: { user: issued.user } };
  },
};

const signIn: Endpoint = {
  method: 'POST',
  template: 'Auth/SignAppIn',
  kind: 'signIn',
  anonymous: true,
  handle: async (site, call) => {
    const { licence, licenceRefusal } = site.switches;
    if (licence === 'invalid') {
      return licenceRefusal === 401 ? unauthenticated() : refusal(403, 'The Password Safe license is invalid.');
    }
    const outcome = await site.sessions.signIn(call);
    if (outcome.kind === 'refused') return unauthenticated();
    if (outcome.kind === 'quarantined') {
      return site.switches.quarantine === 401 ? unauthenticated() : refusal(403, 'The user is quarantined.');
    }
    if (outcome.kind === 'challenged') {
      return unauthenticated({ 'WWW-Authenticate-2FA': outcome.prompt, 'Set-Cookie': outcome.cookies });
    }
    const { session, cookies } = outcome;
    const { userId, userName } = session.user;
    const body = { UserId: userId, SID: null, EmailAddress: '', UserName: userName, Name: userName };
    return { ...json(200, body, { 'Set-Cookie': cookies }), about: { session, user: session.user } };
  },
};

const signOut: Endpoint = {
  method: 'POST',
  template: 'Auth/Signout',
  kind: 'signOut',
  handle: (site, _call, session) => {
    site.sessions.signOut(session);
    return empty(200);
  },
};

export const authenticationEndpoints: readonly Endpoint[] = [token, signIn, signOut];
