"""The demo town: invented people and organisations in the real neighbourhoods of Reggio Emilia and Cavriago."""
