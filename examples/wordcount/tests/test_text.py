import unittest

from wordcount.text import words


class Words(unittest.TestCase):
    def test_lower_case_and_punctuation(self):
        self.assertEqual(words("The plane, the HAMMER."), ["the", "plane", "the", "hammer"])

    def test_apostrophes_stay_inside_a_word(self):
        self.assertEqual(words("Don't 'hurry'"), ["don't", "hurry"])

    def test_letters_beyond_ascii(self):
        self.assertEqual(words("Straße, naïve café"), ["straße", "naïve", "café"])

    def test_digits_are_not_words(self):
        self.assertEqual(words("3 planes, 2nd_hand"), ["planes", "nd", "hand"])
