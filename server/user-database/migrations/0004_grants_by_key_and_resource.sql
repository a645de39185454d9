-- What a grant remembers beside its scope: the thumbprint of the key that its tokens are bound to (RFC 9449), and the
-- resource server that was asked for at the authorization (RFC 8707); neither where there was none.
ALTER TABLE grants ADD COLUMN dpop_jkt TEXT;
ALTER TABLE grants ADD COLUMN resource TEXT;
