"""Who decided what about a version: rules, promotion, ledger, cards, audit, reproduction."""
