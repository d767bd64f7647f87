"""Evaluate: how well weights predict music that they never heard, and what the music is like that a composer writes.

Lives here: `reading` (one file of other people's music into a piece), `likelihood` (bits a note), `excerpt` and `measures` (one
stretch of music, measured), `portrait` (what much music is like, and how far from other music), `human` (the portrait of human
music that ships beside the weights), `trial` (a composer on random requests), `controls` (asked against measured) and `report`
(all of it in rows). Nothing here shows anything or knows a clock.

    starbridge evaluate FILE_OR_FOLDER... [--json]
"""
