"""Given names and surnames for invented people: frequent Italian ones, combined at random."""

from __future__ import annotations

_FEMALE = (
    "Giulia Sofia Aurora Martina Chiara Francesca Sara Elena Alessia Anna Laura Silvia Paola Federica Valentina "
    "Elisa Roberta Monica Cristina Daniela Barbara Marta Irene Lucia Caterina Teresa Rosa Angela Maria Carla "
    "Luisa Franca Bruna Ivana Graziella Loredana Nadia Amina Fatima Olga"
)
_MALE = (
    "Marco Luca Andrea Matteo Lorenzo Davide Alessandro Francesco Stefano Paolo Giovanni Roberto Antonio Simone "
    "Federico Riccardo Fabio Enrico Daniele Massimo Claudio Giorgio Mauro Sergio Franco Bruno Renzo Ivan Ermes "
    "Giuseppe Pietro Tommaso Nicola Emanuele Filippo Omar Karim Dmitri Samuele Gabriele"
)
_SURNAMES = (
    "Ferrari Bianchi Rossi Russo Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Fontana Rinaldi Caruso "
    "Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardi Serra Coppola Marchetti Parisi Villa "
    "Conte Ferraro Fabbri Bianco Marini Grasso Valentini Messina Sala Gatti Pellegrini Palumbo Sanna Farina Rizzi "
    "Monti Cattaneo Morelli Amato Silvestri Mazza Testa Grassi Carbone Giuliani Benedetti Barone Rossetti Caputo "
    "Montanari Guerra Palmieri Bernardi Martino Fiore Ferretti Bellini Basile Riva Donati Piras Vitali Battaglia "
    "Sartori Neri Costantini Milani Pagano Ruggiero Sorrentino Orlando Negri Mantovani Zanetti Barbieri"
)

GIVEN = {"female": tuple(_FEMALE.split()), "male": tuple(_MALE.split())}
SURNAMES = tuple(_SURNAMES.split())
