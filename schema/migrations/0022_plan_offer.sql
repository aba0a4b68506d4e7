-- What an offer shows beside its title and price, where it stands in the list, and whether it is sold now.

ALTER TABLE plan ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE plan ADD COLUMN benefits TEXT NOT NULL DEFAULT '';    -- newlines between them
ALTER TABLE plan ADD COLUMN trial TEXT NOT NULL DEFAULT '';       -- "First month free"
ALTER TABLE plan ADD COLUMN cancel TEXT NOT NULL DEFAULT '';      -- "Cancel any time"
ALTER TABLE plan ADD COLUMN position BIGINT NOT NULL DEFAULT 0;   -- 0: behind those that have one, by name
ALTER TABLE plan ADD COLUMN recommended BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN on_sale BIGINT NOT NULL DEFAULT 1;    -- with an address

-- Whether the giver's name may be shown to whom the article is given.
ALTER TABLE gift ADD COLUMN named BIGINT NOT NULL DEFAULT 0;
