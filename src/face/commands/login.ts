/**
 * `login`: an e-mail address and a password for a token.
 */
import { StoreError } from '../../base/errors.ts';
import { membersOf } from '../answer-tree.ts';
import { type Answer, told } from '../answers.ts';
import { missing, nack, verdicts } from '../codes.ts';
import { type Parameters, quoted, readWhole } from '../parameters.ts';
import type { FacePorts } from '../ports.ts';

/** @param address where the request comes from */
export async function login(
  { logins, onFault }: FacePorts,
  body: Parameters,
  address: string,
): Promise<Answer> {
  const [email, password] = [body.get('userEmail'), body.get('password')];
  if (email === undefined || email === '') return told(missing('userEmail'));
  if (password === undefined || password === '') return told(missing('password'));
  const asked = body.get('expirationSeconds');
  const seconds = asked === undefined || asked === '' ? undefined : readWhole(asked, 1, 1e15);
  if (seconds === undefined && asked !== undefined && asked !== '') {
    const seen = `seen "expirationSeconds" ${quoted(asked)}`;
    return told(nack(`${seen}, expected a whole number of seconds from 1`));
  }
  try {
    const result = await logins.login(email, password, seconds, address);
    switch (result.kind) {
      case 'token': {
        const { token, expiresSeconds } = result;
        const members = membersOf({ token, expiration: `${expiresSeconds}seconds` });
        return { kind: 'result', verdict: verdicts.ack, members };
      }
      case 'refused':
        return told(
          nack('The e-mail address or the password is wrong, or the user is locked', 401),
        );
      case 'password-expired':
        return told(nack('The password has expired; an administrator can set another one', 401));
      case 'busy':
        return told(nack('Too many logins wait; try again in a moment', 503));
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // The credentials may have been right; what could not be had is a token.
    onFault(error, '/Face/login');
    return told(verdicts.token);
  }
}
