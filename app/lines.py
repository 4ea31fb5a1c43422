"""What is read in more than one place, in SQL: a message's line, somebody's unread mentions, and how many have read
the newest message of a room.

In the line, `m` is the message; its subqueries and joins go by an index. For a page of 50 messages without any reply
or reaction they add some 0.4 ms, most of it PostgreSQL's planning.
"""

REACTION_PEOPLE_SHOWN = 100
"""How many people of one reaction are named to the stylesheets, which show each their own."""

DETAILS = f"""
    o.id AS quoted, o.deleted_at AS quoted_deleted_at, left(o.html, 1000) AS quoted_html,
    o.files -> 0 ->> 2 AS quoted_file, o.author AS quoted_author, q.name AS quoted_name,
    CASE WHEN EXISTS (SELECT FROM reaction WHERE message = m.id) THEN (
        SELECT jsonb_agg(jsonb_build_array(emoji, n, people) ORDER BY first) FROM (
            SELECT emoji, count(*) AS n, min(id) AS first,
                   (array_agg(person ORDER BY id))[:{REACTION_PEOPLE_SHOWN}] AS people
            FROM reaction WHERE message = m.id GROUP BY emoji
        ) AS of_emoji
    ) END AS reactions
"""
DETAILS_FROM = """
LEFT JOIN message o ON o.id = m.reply_to
LEFT JOIN person q ON q.id = o.author
"""

COLUMNS = f"m.*, p.name AS author_name, p.avatar AS author_avatar, {DETAILS}"
FROM = f"LEFT JOIN person p ON p.id = m.author {DETAILS_FROM}"

UNREAD_MENTIONS = (
    "(SELECT count(*) FROM mention n WHERE n.person = m.person AND n.room = m.room AND n.seq > m.last_read_seq)"
)
"""Of the person of a membership `m`, in its room."""

READERS = "count(*) FILTER (WHERE m.seen_seq >= r.last_seq AND m.person IS DISTINCT FROM newest.author)"
"""Of the `newest` message of a room `r`, among its memberships `m`. Its author has read it, and is not counted."""

NEWEST = "LEFT JOIN message newest ON newest.room = r.id AND newest.seq = r.last_seq"

READ_COUNTS = f"""
SELECT r.id AS room, r.last_seq, count(*) AS people, {READERS} AS readers
FROM room r JOIN membership m ON m.room = r.id {NEWEST}
WHERE r.id = any({{}}::int[]) GROUP BY r.id, r.last_seq
"""
