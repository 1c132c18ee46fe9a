"""Laws in plain words: every clause as one sentence in Arabic, English or French.

The text is made from the clause and nothing else, so it cannot say something other than what decides. The clause is
what is signed; the sentence explains it.
"""
