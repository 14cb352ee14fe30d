-- SPDX-License-Identifier: Apache-2.0
-- A user who is disabled keeps everything and gets in no more.

ALTER TABLE users ADD COLUMN disabled_at INTEGER;
