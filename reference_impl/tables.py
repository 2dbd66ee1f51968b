"""The tables. A row with an `org_id` is shared with that organization; one without a `user_id` is org-only.

No unique key on names: the provider-state contract arranges namesakes, and whose names count depends on the
new collection's visibility. The write lock of `store.Store.writing` is what makes the check hold.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text

metadata = MetaData()

organizations = Table(
    "organizations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    sqlite_autoincrement=True,
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("api_key", Text, nullable=False, unique=True),
    Column("revoked", Boolean, nullable=False),
    Column("org_id", ForeignKey("organizations.id")),
    sqlite_autoincrement=True,
)

collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("org_id", ForeignKey("organizations.id")),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text),
    Index("collections_of_user", "user_id", "name"),
    Index("collections_of_organization", "org_id", "name"),
    # An id is never given twice: what was deleted stays not found.
    sqlite_autoincrement=True,
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("org_id", ForeignKey("organizations.id")),
    Column("name", Text, nullable=False),
    Column("proprietary", Boolean, nullable=False),
    # One column, one collection: a dataset cannot be in two.
    Column("data_collection_id", ForeignKey("collections.id"), index=True),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("org_id", ForeignKey("organizations.id")),
    Column("alias", Text, nullable=False),
    Column("dataset_id", ForeignKey("datasets.id"), index=True),
    Column("data_collection_id", ForeignKey("collections.id"), index=True),
    Column("created_at", Text, nullable=False),
    sqlite_autoincrement=True,
)
