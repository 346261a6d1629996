-- Signatures that are proved by a credential shown anew, beside those of registered keys.

alter table record_signature
  -- 1 registered key, 2 API key, 3 token.
  add column proof smallint not null default 1,
  -- The token's issuer.
  add column proof_source text not null default '',
  -- The API key's public part; the SHA-256 of what the token's issuer signed.
  add column proof_id text not null default '',
  -- Of a token: it signs once.
  add column once bytea,
  -- HMAC-SHA256 under the site's key over all that is kept.
  add column seal bytea,
  alter column public_key drop not null,
  alter column signature drop not null,
  add constraint record_signature_once unique (once),
  add constraint record_signature_proved check (
    case proof
      when 1 then public_key is not null and signature is not null and once is null and seal is null
      when 2 then public_key is null and signature is null and once is null and seal is not null and length(seal) = 32
      when 3 then public_key is null and signature is null and once is not null and length(once) = 32
        and seal is not null and length(seal) = 32
      else false
    end);
